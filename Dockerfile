# One recipe, three images: docker build --build-arg JOB=connector|pipeline|sheets_sync .
# What each job runs is its command in environments/main.tf.
FROM python:3.13.5-slim-bookworm
ARG JOB
WORKDIR /app
COPY requirements/jobs.txt requirements/parquet.txt ./
RUN pip install --no-cache-dir --require-hashes -r jobs.txt $([ ${JOB} != sheets_sync ] || echo -r parquet.txt) && \
    useradd --system job
COPY ${JOB} ${JOB}
RUN python -m compileall -q ${JOB}
USER job
# MALLOC_ARENA_MAX: threads that each keep what they freed cost a tenth of the memory.
ENV PYTHONUNBUFFERED=1 MALLOC_ARENA_MAX=1
