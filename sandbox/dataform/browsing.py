"""Looking into a repository: its history, its folders, its files."""

from google.cloud.dataform_v1.types import dataform as api

from sandbox.dataform.errors import NotFound
from sandbox.dataform.files import Tree, head_sha, resolve, tree_at
from sandbox.dataform.service import Service, page


def history(
    service: Service, request: api.FetchRepositoryHistoryRequest
) -> api.FetchRepositoryHistoryResponse:
    """Newest first."""
    service.find(api.Repository, request.name)
    entries = reversed(service.store.children(f"{request.name}/commits"))
    commits = [
        api.CommitLogEntry(
            commit_time=entry["time"],
            commit_sha=entry["sha"],
            commit_message=entry["message"],
            author=api.CommitAuthor(
                name=entry["author"]["name"], email_address=entry["author"]["emailAddress"]
            ),
        )
        for entry in entries
    ]
    items, token = page(commits, request)
    return api.FetchRepositoryHistoryResponse(commits=items, next_page_token=token)


def read(service: Service, request: api.ReadRepositoryFileRequest) -> api.ReadRepositoryFileResponse:
    blob = tree_of(service, request.name, request.commit_sha).get(request.path)
    if blob is None:
        raise NotFound(f"file '{request.path}' was not found")
    return api.ReadRepositoryFileResponse(contents=service.store.blob(blob))


def directory(
    service: Service, request: api.QueryRepositoryDirectoryContentsRequest
) -> api.QueryRepositoryDirectoryContentsResponse:
    """What lies directly in the folder `path`; the root when it is empty."""
    prefix = f"{request.path.strip('/')}/" if request.path.strip("/") else ""
    below = [
        path.removeprefix(prefix)
        for path in tree_of(service, request.name, request.commit_sha)
        if path.startswith(prefix)
    ]
    if prefix and not below:
        raise NotFound(f"directory '{request.path}' was not found")
    folders = {path.partition("/")[0] for path in below if "/" in path}
    entries = [api.DirectoryEntry(directory=prefix + name) for name in sorted(folders)]
    entries += [api.DirectoryEntry(file=prefix + name) for name in sorted(below) if "/" not in name]
    items, token = page(entries, request)
    return api.QueryRepositoryDirectoryContentsResponse(directory_entries=items, next_page_token=token)


def tree_of(service: Service, repository: str, sha: str) -> Tree:
    """At `sha`, or at the head; an empty repository has an empty tree."""
    service.find(api.Repository, repository)
    if not sha and not head_sha(service, repository):
        return {}
    return tree_at(service, repository, resolve(service, repository, sha))
