variable "accessors" {
  description = "Members that read its value: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "description" {
  description = "What the secret gives access to."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The secret's id, for example retail-api-key."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,253}[a-z0-9]$", var.name))
    error_message = "A secret's id has lower-case letters, digits and dashes: ${var.name}."
  }
}

variable "project_id" {
  description = "The project of the secret."
  type        = string
  nullable    = false
}

variable "protected" {
  description = "Whether the secret refuses to be destroyed: its versions cannot be restored."
  type        = bool
  default     = true
  nullable    = false
}

variable "region" {
  description = "The region that stores the value. It cannot be changed later."
  type        = string
  nullable    = false
}

variable "rotation" {
  description = "Days between rotations, the first due time (RFC 3339; default: one period from now), the topic."
  type = object({
    topic = string
    days  = optional(number, 90)
    first = optional(string)
  })
  default = null

  validation {
    condition = try(
      startswith(var.rotation.topic, "projects/") && strcontains(var.rotation.topic, "/topics/"), var.rotation == null
    )
    error_message = "Give the topic's full name, projects/<project>/topics/<name>, not ${try(var.rotation.topic, "-")}."
  }

  validation {
    condition = try(
      var.rotation.days == floor(var.rotation.days) && var.rotation.days >= 1 && var.rotation.days <= 36500,
      var.rotation == null
    )
    error_message = "A rotation is due after whole days, 1 to 36500, not after ${try(var.rotation.days, "-")}."
  }

  validation {
    condition     = can(timeadd(coalesce(try(var.rotation.first, null), "2000-01-01T00:00:00Z"), "0s"))
    error_message = "Write the first time as 2027-01-31T06:00:00Z, not ${coalesce(try(var.rotation.first, null), "-")}."
  }
}

variable "rotators" {
  description = "Members that add versions and disable old ones: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}
