variable "archive_days" {
  description = "Days after which archived files move to colder classes. They never expire: raw can be reloaded."
  type = object({
    coldline = optional(number, 30)
    archive  = optional(number, 365)
  })
  default  = {}
  nullable = false

  validation {
    condition = var.archive_days.coldline < var.archive_days.archive
    error_message = join(" ", [
      "coldline (${var.archive_days.coldline} days) must come before archive (${var.archive_days.archive} days).",
    ])
  }
}

variable "archives" {
  description = "Folders with loaded files, each with a slash at its end, for example retail/sales/archive/."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for folder in var.archives : endswith(folder, "/") && !startswith(folder, "/")])
    error_message = "A folder ends with a slash and does not begin with one: retail/sales/archive/."
  }

  validation {
    condition     = length(var.archives) <= 50
    error_message = "A lifecycle rule has at most 50 prefixes; ${length(var.archives)} were given."
  }
}

variable "location" {
  description = "Location of the files, for example EU. It must equal that of the warehouse."
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

variable "protected" {
  description = "Whether the bucket refuses to be destroyed."
  type        = bool
  default     = true
  nullable    = false
}

variable "writers" {
  description = "Members that read and write objects; with a folder, only the objects below it."
  type = map(object({
    member = string
    folder = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for writer in var.writers : endswith(coalesce(writer.folder, "/"), "/")])
    error_message = "A folder ends with a slash; otherwise it would match names that only begin with it."
  }
}
