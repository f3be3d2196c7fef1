"""Release the folder dataform/: make it what the pipeline runs.

folder           the files to release, and the Git commit they come from
repository       Dataform's copy of the folder: commits what differs
target           the environment: project, repository, location
workspace        files that are compiled without a commit
unwritten        tables that no model writes any more
schemas          columns of the tables, compared with those of the new release
turn             one writer of the warehouse at a time
invocation       runs released actions and waits for them
"""
