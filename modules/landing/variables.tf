variable "archive_days" {
  description = "Days after which archived files move to the colder classes. They are kept for ever: raw can be loaded again from them."
  type = object({
    coldline = optional(number, 30)
    archive  = optional(number, 365)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.archive_days.coldline < var.archive_days.archive
    error_message = "Files become colder with age: coldline (${var.archive_days.coldline} days) must come before archive (${var.archive_days.archive} days)."
  }
}

variable "archives" {
  description = "Folders whose files have been loaded, each with a slash at its end, such as sales/archive/."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for folder in var.archives : endswith(folder, "/") && !startswith(folder, "/")])
    error_message = "A folder ends in a slash and does not begin with one: sales/archive/."
  }

  validation {
    condition     = length(var.archives) <= 50
    error_message = "A lifecycle rule holds at most 50 prefixes; ${length(var.archives)} were given."
  }
}

variable "location" {
  description = "Where the files are, such as EU. It must be the warehouse's."
  type        = string
  nullable    = false

  validation {
    condition     = var.location == upper(var.location)
    error_message = "Cloud Storage answers locations in upper case, and a difference replaces the bucket: write ${upper(var.location)}."
  }
}

variable "name" {
  description = "The bucket's name, unique in the world."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9_-]{1,61}[a-z0-9]$", var.name))
    error_message = "A bucket's name has 3 to 63 lower-case letters, digits, dashes and underscores: ${var.name}."
  }
}

variable "project_id" {
  description = "The project that the bucket belongs to."
  type        = string
  nullable    = false
}

variable "protected" {
  description = "Whether a bucket that still holds files refuses to be destroyed."
  type        = bool
  default     = true
  nullable    = false
}

variable "writers" {
  description = "Who reads and writes objects; with a folder, only the objects below it."
  type = map(object({
    member = string
    folder = optional(string)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for writer in var.writers : endswith(coalesce(writer.folder, "/"), "/")])
    error_message = "A folder ends in a slash, or it would also match names that only begin like it."
  }
}
