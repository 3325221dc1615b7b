# The image of a function with torch: `docker build --build-arg MODEL=cars .`, as serverless.yml does. Weights come from S3.
# Lambda's own python3.8 is past its end, so Python comes with the image. Where the model asks for torch 2, deploy/functions.js names
# Python 3.11, which takes it, and the page of its wheels.
ARG PYTHON=public.ecr.aws/docker/library/python:3.8-slim-bookworm

# What these functions share: built, sent and kept once.
FROM ${PYTHON} AS torch
# A page of wheels, and the local version of the one without CUDA, as pip must be told: 1.5.1 alone would take one with CUDA there.
# With both empty, torch comes with CUDA from the package index, and lighten.py takes that out.
ARG WHEELS=https://download.pytorch.org/whl/torch_stable.html
ARG BUILD=+cpu
WORKDIR /build
COPY requirements.txt deploy/lighten.py deploy/registry.cpp deploy/torch_serving.py ./
# Lambda's disk is read-only: what is not compiled here is compiled at every start. The dates of files in an image say nothing.
RUN sed "s/\[.*\]//; s/^torch==[0-9.]*/&${BUILD}/" requirements.txt > constraints.txt \
 && python -m pip install --no-cache-dir --no-compile --target /srv ${WHEELS:+--find-links "$WHEELS"} \
      torch awslambdaric aws-lambda-powertools -c constraints.txt \
 && if [ -e /srv/torch/lib/libtorch_cuda.so ]; then tool=g++ package=g++; else tool=strip package=binutils; fi \
 && if ! command -v $tool; then apt-get update -qq && apt-get install -y -qq --no-install-recommends $package; fi \
 && python lighten.py /srv \
 && find /srv -name tests -type d -prune -exec rm -rf {} + \
 && python -m compileall -q --invalidation-mode unchecked-hash -x py312 /srv

# What a model needs beside that.
FROM torch AS packages
ARG MODEL
COPY models/${MODEL}/requirements.txt model.txt
RUN grep -vx torch model.txt > more.txt \
 && python -m pip install --no-cache-dir --no-compile --target /more -r more.txt -c constraints.txt \
 && ls /srv | (cd /more && xargs rm -rf) \
 && python lighten.py /more \
 && find /more -name tests -type d -prune -exec rm -rf {} + \
 && python -m compileall -q --invalidation-mode unchecked-hash /more

FROM torch AS base
COPY deploy/keep.sh ./
RUN sh keep.sh /kept

FROM scratch
COPY --from=base /kept /
ENV PATH=/usr/local/bin:/usr/bin LANG=C.UTF-8
COPY --from=torch /srv /srv
# Memory stays with the process between calls, one thread works, since 1,769 MB are one processor, and MKL uses
# AVX2 on AMD too (docs/deploy.md).
ENV MALLOC_TRIM_THRESHOLD_=1073741824 MALLOC_MMAP_THRESHOLD_=1073741824 OMP_NUM_THREADS=1 MKL_DEBUG_CPU_TYPE=5
WORKDIR /srv
ENTRYPOINT ["python", "-m", "awslambdaric"]
CMD ["handler.api"]
ARG MODEL
COPY --from=packages /more ./
COPY handler.py ./
COPY api api
COPY models/*.py models/
COPY models/store models/store
# the one tokenizer of all models that read text
COPY models/words/__init__.py models/words/tokenizer.py models/words/
COPY models/${MODEL} models/${MODEL}
RUN python -m compileall -q --invalidation-mode unchecked-hash handler.py api models
