"""What rollout, rollback and unload share beside runtime.delivery: a release is code, images and data of one moment.

platform    the environment: clients, names of jobs and buckets, the lease
schedules   paused while a release changes things, and started again
images      which jobs run which image
summary     results as Markdown, for a CI
restore_job the Run job that writes data, which this identity may only start
"""
