# The image of a function with torch: `docker build --build-arg MODEL=cars .`, as serverless.yml does. Weights come from S3.
# Lambda's own python3.8 is past its end, so Python comes with the image.
ARG PYTHON=public.ecr.aws/docker/library/python:3.8-slim-bookworm

FROM ${PYTHON} AS packages
# Where torch 1.5.1 without CUDA is. Empty, torch comes with CUDA from the package index, and lighten.py takes that out.
ARG WHEELS=https://download.pytorch.org/whl/torch_stable.html
ARG MODEL
WORKDIR /build
COPY requirements.txt deploy/lighten.py deploy/registry.cpp ./
COPY models/${MODEL}/requirements.txt model.txt
RUN sed 's/\[.*\]//' requirements.txt > constraints.txt \
 && python -m pip install --no-cache-dir --no-compile --target /srv ${WHEELS:+--find-links "$WHEELS"} -r model.txt awslambdaric -c constraints.txt
RUN if [ -e /srv/torch/lib/libtorch_cuda.so ] && ! command -v g++; then apt-get update -qq && apt-get install -y -qq g++; fi \
 && python lighten.py /srv \
 && find /srv -name tests -type d -prune -exec rm -rf {} +
# Lambda's disk is read-only: what is not compiled here is compiled at every start. The dates of files in an image say nothing.
RUN python -m compileall -q --invalidation-mode unchecked-hash /srv

FROM ${PYTHON}
ARG MODEL
COPY --from=packages /srv /srv
WORKDIR /srv
COPY handler.py ./
COPY api api
COPY models/*.py models/
COPY models/${MODEL} models/${MODEL}
RUN python -m compileall -q --invalidation-mode unchecked-hash handler.py api models \
 && python -m compileall -q --invalidation-mode unchecked-hash -x '/test|lib2to3|site-packages' "$(python -c 'import os; print(os.path.dirname(os.__file__))')"
# Memory stays with the process between calls, a waiting thread leaves the core to others, and MKL uses AVX2 on AMD too (docs/deploy.md).
ENV MALLOC_TRIM_THRESHOLD_=1073741824 MALLOC_MMAP_THRESHOLD_=1073741824 OMP_WAIT_POLICY=PASSIVE MKL_DEBUG_CPU_TYPE=5
ENTRYPOINT ["python", "-m", "awslambdaric"]
CMD ["handler.api"]
