# One recipe, four images: docker build --build-arg JOB=connector|pipeline|report|sheets_sync .
# What each job runs is its command in environments/main.tf.
FROM python:3.13.5-slim-bookworm
ARG JOB
WORKDIR /app
COPY requirements/jobs.txt requirements/parquet.txt requirements/report.txt ./
RUN pip install --no-cache-dir --require-hashes -r jobs.txt $([ ${JOB} != sheets_sync ] || echo -r parquet.txt) \
    $([ ${JOB} != report ] || echo -r report.txt) && \
    useradd --system job
COPY runtime runtime
COPY ${JOB} ${JOB}
RUN python -m compileall -q runtime ${JOB}
USER job
# MALLOC_ARENA_MAX: otherwise every thread keeps its freed memory, a tenth of the whole. MALLOC_MMAP_THRESHOLD_: glibc
# raises it by itself, and buffers of megabytes then leave holes in the heap: a third of the whole with CSV files.
ENV PYTHONUNBUFFERED=1 MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=1048576
