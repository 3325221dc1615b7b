#!/bin/sh
# Copies into a folder what an image keeps of its base: Python without what installs, tests or documents, the libraries that it
# and /srv are linked to, certificates, and a shell with cat, env and ls. What a model needs of the system beyond that is to be added here.
#     sh keep.sh /kept
set -eu
kept=$1
cd "$(python -c 'import os; print(os.path.dirname(os.__file__))')"
rm -rf config-3* distutils ensurepip idlelib lib2to3 pydoc_data site-packages/* test tkinter turtledemo
find /usr/local/lib -name '*.so*' -type f -exec strip --strip-unneeded {} +
python -m compileall -q --invalidation-mode unchecked-hash .

cd /
mkdir -p "$kept/usr/bin" "$kept/tmp"
chmod 1777 "$kept/tmp"
for folder in bin lib lib64; do ln -s "usr/$folder" "$kept/$folder"; done
cp /usr/bin/cat /usr/bin/env /usr/bin/ls /usr/bin/sh "$kept/usr/bin"
cp -a --parents etc usr/lib/os-release usr/lib/ssl usr/local/bin usr/local/lib usr/share/ca-certificates "$kept"
{
  find /usr/local /srv "$kept/usr/bin" \( -name '*.so*' -o -path '*/bin/*' \) -type f -exec ldd {} + 2>/dev/null |
    awk '$3 ~ "^/(usr/)?lib/" { print $3 } $1 ~ "^/lib64/" { print $1 }'
  ls /lib/*/libnss_*.so.2 /lib/*/libresolv.so.2 # loaded by name, to look up addresses
} | sed 's,^/lib,usr/lib,; s,^/,,' | sort -u | xargs cp -L --parents -t "$kept"
