variable "args" {
  description = "Arguments of the command, if an execution does not override them."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "command" {
  description = "The command, word by word. Declared here, so that a plan shows what a job does."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.command) > 0
    error_message = "A job declares its command: a plan does not show the entry point of an image."
  }
}

variable "cpu" {
  description = "Processors of a task."
  type        = string
  default     = "1"
  nullable    = false
}

variable "environment" {
  description = "Settings of the command: variable => value."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name, _ in var.environment : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "A variable has upper-case letters, digits and underscores: ${join(", ", keys(var.environment))}."
  }
}

variable "identity" {
  description = "E-mail of the service account that it runs as."
  type        = string
  nullable    = false
}

variable "image" {
  description = "The first image of a new job, by digest. Later images are delivered; Terraform ignores them."
  type        = string
  default     = null

  validation {
    condition = can(regex("@sha256:[0-9a-f]{64}$", coalesce(var.image, "@sha256:${sha256("")}")))
    error_message = join(" ", [
      "Give the image by digest, …@sha256:<64 hexadecimal digits>; a tag can move: ${coalesce(var.image, "-")}.",
    ])
  }
}

variable "max_retries" {
  description = "How often Cloud Run starts a failed task again."
  type        = number
  default     = 0
  nullable    = false
}

variable "memory" {
  description = "Memory of a task."
  type        = string
  default     = "512Mi"
  nullable    = false

  validation {
    condition     = can(regex("^[1-9][0-9]*(Mi|Gi)$", var.memory))
    error_message = "Memory is a number with Mi or Gi, for example 512Mi or 2Gi, not '${var.memory}'."
  }
}

variable "name" {
  description = "The job's name."
  type        = string
  nullable    = false

  validation {
    condition = can(regex("^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$", var.name))
    error_message = join(" ", [
      "A job's name has at most 49 lower-case letters, digits and dashes, beginning with a letter: ${var.name}.",
    ])
  }
}

variable "project_id" {
  description = "The project of the job."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The region in which it runs."
  type        = string
  nullable    = false
}

variable "runners" {
  description = "Members that execute it, by name; with overrides they may also pass other arguments."
  type = map(object({
    member    = string
    overrides = optional(bool, false)
  }))
  default  = {}
  nullable = false
}

variable "secrets" {
  description = "Settings whose value is the newest version of a secret: variable => the secret's id."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition = length(setintersection(keys(var.secrets), keys(var.environment))) == 0
    error_message = join(" ", [
      "Both a value and a secret: ${join(", ", setintersection(keys(var.secrets), keys(var.environment)))}.",
    ])
  }
}

variable "timeout_seconds" {
  description = "Seconds after which a task is stopped."
  type        = number
  default     = 600
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 168 * 3600
    error_message = "A task runs for 1 to 604800 seconds (a week), not ${var.timeout_seconds}."
  }
}

variable "updaters" {
  description = "Members that set its image, and act as its identity for that: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "watchers" {
  description = "Members that read how executions end: name => member. A runner cannot do that by itself."
  type        = map(string)
  default     = {}
  nullable    = false
}
