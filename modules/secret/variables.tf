variable "accessors" {
  description = "Who reads its value: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "description" {
  description = "What the secret opens, for whoever finds it."
  type        = string
  nullable    = false
}

variable "name" {
  description = "The secret's id, such as retail-api-key."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,253}[a-z0-9]$", var.name))
    error_message = "A secret's id is made of lower-case letters, digits and dashes: ${var.name}."
  }
}

variable "project_id" {
  description = "The project that the secret belongs to."
  type        = string
  nullable    = false
}

variable "rotation" {
  description = "How often the value is due to be changed, first when (RFC 3339; without it one period from now), and the topic that is told."
  type = object({
    topic = string
    days  = optional(number, 90)
    first = optional(string)
  })
  default = null

  validation {
    condition     = try(startswith(var.rotation.topic, "projects/") && strcontains(var.rotation.topic, "/topics/"), var.rotation == null)
    error_message = "Give the topic's full name, projects/<project>/topics/<name>, not ${try(var.rotation.topic, "-")}."
  }

  validation {
    condition     = try(var.rotation.days == floor(var.rotation.days) && var.rotation.days >= 1 && var.rotation.days <= 36500, var.rotation == null)
    error_message = "A value is due after whole days, 1 to 36500, not after ${try(var.rotation.days, "-")}."
  }

  validation {
    condition     = can(timeadd(coalesce(try(var.rotation.first, null), "2000-01-01T00:00:00Z"), "0s"))
    error_message = "Write the first time as 2027-01-31T06:00:00Z, not ${coalesce(try(var.rotation.first, null), "-")}."
  }
}

variable "rotators" {
  description = "Who gives it new versions, and takes old ones out of use: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}
