variable "branch" {
  description = "The branch whose runs may apply."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]*$", var.branch)) && !startswith(var.branch, "refs/")
    error_message = "Give the branch's name, such as main, without refs/heads/ and without a pattern: ${var.branch}."
  }
}

variable "identities" {
  description = "Who plans and who applies: the service account's member and its full resource name."
  type = object({
    plan  = object({ member = string, name = string })
    apply = object({ member = string, name = string })
  })
  nullable = false

  validation {
    condition     = var.identities.plan.member != var.identities.apply.member
    error_message = "Who plans must not be who applies, or every branch could apply: ${var.identities.plan.member}."
  }
}

variable "name" {
  description = "The pool's name. A deleted pool keeps its name for 30 days."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9-]{4,32}$", var.name)) && !startswith(var.name, "gcp-")
    error_message = "A pool's name has 4 to 32 lower-case letters, digits and dashes, and does not begin with gcp-: ${var.name}."
  }
}

variable "project_id" {
  description = "The project that is delivered to."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "The project's number, by which IAM names a pool."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "The number of a project, not its id: ${var.project_number}."
  }
}

variable "project_roles" {
  description = "The roles that an apply may grant on the project, and no others: roles/NAME."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.project_roles) > 0 && alltrue([for role in var.project_roles : startswith(role, "roles/") && !can(regex("^roles/(owner|editor|viewer)$|[aA]dmin$|okenCreator$", role))])
    error_message = "An apply grants named, narrow roles: no owner, editor, viewer, admin or token creator. Given: ${join(", ", var.project_roles)}."
  }
}

variable "repository_id" {
  description = "The number of the GitHub repository: gh api repos/OWNER/NAME --jq .id"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.repository_id))
    error_message = "Give the repository's number, which nobody else can take, not its name: gh api repos/OWNER/NAME --jq .id; given: ${var.repository_id}."
  }
}

variable "state_bucket" {
  description = "The bucket that keeps Terraform's state: a plan reads it, an apply writes it."
  type        = string
  nullable    = false
}
