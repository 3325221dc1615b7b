"""What serverless-python-requirements puts into a package with `zip: true`. The packages are in a zip inside
the zip.
"""

import os
import sys
import zipfile

folder = os.environ["REQUIREMENTS_FOLDER"]  # /tmp/sls-py-req on Lambda
sys.path.insert(0, folder)
zipfile.ZipFile(os.environ["REQUIREMENTS_ZIP"], "r").extractall(folder)
