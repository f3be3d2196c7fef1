variable "days" {
  description = "Days after which a page is deleted."
  type        = number
  default     = 400
  nullable    = false

  validation {
    condition     = var.days >= 1
    error_message = "days is at least 1, not ${var.days}."
  }
}

variable "location" {
  description = "Location of the pages, for example EU."
  type        = string
  nullable    = false

  validation {
    condition = var.location == upper(var.location)
    error_message = join(" ", [
      "Cloud Storage returns locations in upper case; a difference replaces the bucket: write ${upper(var.location)}.",
    ])
  }
}

variable "name" {
  description = "The bucket's name, globally unique."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits, dashes and underscores: ${var.name}."
  }
}

variable "project_id" {
  description = "The project of the bucket."
  type        = string
  nullable    = false
}

variable "readers" {
  description = "Members that read the pages: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "writers" {
  description = "Members that write the pages: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}
