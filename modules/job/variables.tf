variable "args" {
  description = "Arguments of the command where an execution says nothing else."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "command" {
  description = "What runs, word by word. Declared here, so that a plan says what a job does without its image."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.command) > 0
    error_message = "A job declares its command: an image's own entry point is not seen in a plan."
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
    error_message = "A variable's name is made of upper-case letters, digits and underscores: ${join(", ", keys(var.environment))}."
  }
}

variable "identity" {
  description = "E-mail of the service account that it runs as."
  type        = string
  nullable    = false
}

variable "image" {
  description = "The image that a new job begins with, by digest. From then on delivery says which one runs, and Terraform plans no change for it."
  type        = string
  default     = null

  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", coalesce(var.image, "@sha256:${sha256("")}")))
    error_message = "An image is given by its digest, …@sha256:<64 hexadecimal digits>, since a tag can be moved: ${coalesce(var.image, "-")}."
  }
}

variable "max_retries" {
  description = "How often a task that failed is tried again."
  type        = number
  default     = 0
  nullable    = false
}

variable "memory" {
  description = "Memory of a task."
  type        = string
  default     = "512Mi"
  nullable    = false
}

variable "name" {
  description = "The job's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$", var.name))
    error_message = "A job's name has at most 49 lower-case letters, digits and dashes, beginning with a letter: ${var.name}."
  }
}

variable "project_id" {
  description = "The project that the job belongs to."
  type        = string
  nullable    = false
}

variable "protected" {
  description = "Whether the job refuses to be destroyed."
  type        = bool
  default     = true
  nullable    = false
}

variable "region" {
  description = "Where it runs."
  type        = string
  nullable    = false
}

variable "runners" {
  description = "Who executes it, by name; with overrides they may also give it other arguments."
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
    condition     = length(setintersection(keys(var.secrets), keys(var.environment))) == 0
    error_message = "A setting is either a value or a secret, not both: ${join(", ", setintersection(keys(var.secrets), keys(var.environment)))}."
  }
}

variable "timeout_seconds" {
  description = "After how long a task is stopped."
  type        = number
  default     = 600
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 168 * 3600
    error_message = "A task runs between a second and a week (604800), not ${var.timeout_seconds} s."
  }
}

variable "watchers" {
  description = "Who sees how executions end: name => member. To execute a job is not enough for that."
  type        = map(string)
  default     = {}
  nullable    = false
}
