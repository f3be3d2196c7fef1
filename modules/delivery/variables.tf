variable "branch" {
  description = "The branch whose runs may apply."
  type        = string
  default     = "main"
  nullable    = false

  validation {
    condition = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]*$", var.branch)) && !startswith(var.branch, "refs/")
    error_message = join(" ", [
      "Give the branch's name, for example main, without refs/heads/ and without a pattern: ${var.branch}.",
    ])
  }
}

variable "environment" {
  description = "The GitHub environment whose jobs may apply; its protection rules name who approves."
  type        = string
  nullable    = false

  # A colon separates the parts of the attribute that is compared.
  validation {
    condition = can(regex("^[a-z][a-z0-9-]*$", var.environment))
    error_message = join(" ", [
      "An environment's name has lower-case letters, digits and dashes, a letter first: ${var.environment}.",
    ])
  }
}

variable "has_networks" {
  description = "Whether the repository declares networks, for modules/spark."
  type        = bool
  default     = false
  nullable    = false
}

variable "identities" {
  description = "The service accounts that plan, apply and rehearse: member and full resource name of each."
  type = object({
    plan     = object({ member = string, name = string })
    apply    = object({ member = string, name = string })
    rehearse = object({ member = string, name = string })
  })
  nullable = false

  validation {
    condition = length(distinct([for identity in values(var.identities) : identity.member])) == 3
    error_message = join(" ", [
      "plan, apply and rehearse need separate identities, or every branch could apply:",
      "${var.identities.plan.member}, ${var.identities.apply.member}, ${var.identities.rehearse.member}.",
    ])
  }
}

variable "name" {
  description = "The pool's name. A deleted pool keeps its name for 30 days."
  type        = string
  nullable    = false

  validation {
    condition = can(regex("^[a-z0-9-]{4,32}$", var.name)) && !startswith(var.name, "gcp-")
    error_message = join(" ", [
      "A pool's name has 4 to 32 lower-case letters, digits and dashes, not beginning with gcp-: ${var.name}.",
    ])
  }
}

variable "project_id" {
  description = "The project that is delivered to."
  type        = string
  nullable    = false
}

variable "project_number" {
  description = "The project's number, which is part of the pool's name in IAM."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]+$", var.project_number))
    error_message = "Give the number of the project, not its id: ${var.project_number}."
  }
}

variable "project_roles" {
  description = "The only roles that an apply may grant on the project: roles/NAME."
  type        = set(string)
  nullable    = false

  # A service agent's role includes tokens of other accounts.
  validation {
    condition = length(var.project_roles) > 0 && alltrue([
      for role in var.project_roles :
      startswith(role, "roles/")
      && !can(regex("^roles/(owner|editor|viewer)$|[aA]dmin$|okenCreator$|erviceAgent$", role))
    ])
    error_message = join(" ", [
      "Only narrow roles: no basic, admin, token creator or agent role. Given: ${join(", ", var.project_roles)}.",
    ])
  }
}

variable "rehearses_every_branch" {
  description = "Whether pull requests rehearse too. Their SQL then reads this project's data, on clones."
  type        = bool
  default     = false
  nullable    = false
}

# Repositories are numbered from 1, so a placeholder is the number of a real repository: its owner could apply.
variable "repository_id" {
  description = "The number of the GitHub repository: gh api repos/OWNER/NAME --jq .id"
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]*$", var.repository_id))
    error_message = "Give the repository's number: gh api repos/OWNER/NAME --jq .id; given: ${var.repository_id}."
  }

  validation {
    condition = !contains(["1", "123456789"], var.repository_id)
    error_message = join(" ", [
      "${var.repository_id} is a placeholder that belongs to a stranger's repository; give your own: gh api",
      "repos/OWNER/NAME --jq .id",
    ])
  }
}

variable "state_bucket" {
  description = "The bucket of Terraform's state: a plan reads it, an apply writes it."
  type        = string
  nullable    = false
}
