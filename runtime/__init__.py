"""What every Run job needs: errors and exit codes, settings, log, credentials, retry, lease, object store.

Jobs never import each other. All of them may import `runtime`, which imports none of them (docs/adr/0010).
"""
