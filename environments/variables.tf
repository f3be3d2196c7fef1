variable "env" {
  description = "The environment: the workspace, and the name of its tfvars."
  type        = string
  nullable    = false

  validation {
    condition     = var.env == terraform.workspace
    error_message = "env is '${var.env}' but the selected workspace is '${terraform.workspace}'. Run: python -m scripts.deploy plan --env ${var.env}"
  }
}

variable "groups" {
  description = "Google groups: engineers read every dataset, analysts the marts alone. Without an address nobody does."
  type = object({
    analysts  = optional(string)
    engineers = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for address in values(var.groups) : can(regex("^[^@:]+@[^@:]+$", coalesce(address, "nobody@example.com")))])
    error_message = "A group is an address without a prefix, such as analysts@example.com."
  }
}

variable "images" {
  description = "The image that each job begins with, by digest; without one, Google's sample until delivery gives it. Later changes are delivery's, not Terraform's."
  type = object({
    connector   = optional(string)
    pipeline    = optional(string)
    sheets_sync = optional(string)
  })
  default  = {}
  nullable = false
}

variable "location" {
  description = "Where the data is: bucket and warehouse."
  type        = string
  default     = "EU"
  nullable    = false
}

variable "notices" {
  description = "How sheets-sync tells people what their exports ask for: by which mail server, and whether by signed webhooks. Without, notices are off."
  type = object({
    smtp = optional(object({
      host = string
      port = optional(number, 587)
      from = string
      user = optional(string)
    }))
    webhooks = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for smtp in var.notices.smtp[*] : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", smtp.from))])
    error_message = "notices.smtp.from is the address that notices come from, such as data@example.com."
  }
}

variable "project_id" {
  description = "The environment's own project, which exists and has billing."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "A project's id has 6 to 30 lower-case letters, digits and dashes, beginning with a letter: ${var.project_id}."
  }
}

variable "protected" {
  description = "Whether everything here refuses to be destroyed or replaced, data above all."
  type        = bool
  default     = true
  nullable    = false
}

variable "region" {
  description = "Where jobs, schedules and Dataform are."
  type        = string
  default     = "europe-west1"
  nullable    = false
}

variable "schedules" {
  description = "When the pipeline runs (cron), in which time zone, and whether it waits to be resumed."
  type = object({
    hourly    = optional(string, "5 * * * *")
    daily     = optional(string, "35 3 * * *")
    time_zone = optional(string, "Etc/UTC")
    paused    = optional(bool, false)
  })
  default  = {}
  nullable = false
}

variable "source_spreadsheets" {
  description = "The spreadsheet of each source that is one: the id in its address. It is shared, as viewer, with the connector's identity."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract([for name, source in local.sources : name if source.kind == "sheet"], keys(var.source_spreadsheets))) == 0
    error_message = "connector/sources declares sheets that have no id here: ${join(", ", setsubtract([for name, source in local.sources : name if source.kind == "sheet"], keys(var.source_spreadsheets)))}."
  }

  validation {
    condition     = alltrue([for id in values(var.source_spreadsheets) : can(regex("^[A-Za-z0-9_-]+$", id))])
    error_message = "Give the spreadsheet's id, not its address: what stands between /d/ and /edit."
  }
}

variable "source_urls" {
  description = "Where a source is in this environment, if it is not where connector/sources says."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.source_urls), keys(local.sources))) == 0
    error_message = "The sources are ${join(", ", keys(local.sources))}, not ${join(", ", keys(var.source_urls))}."
  }
}

variable "spreadsheets" {
  description = "The spreadsheet of each export: the id in its address, https://docs.google.com/spreadsheets/d/ID/edit."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(local.exports), keys(var.spreadsheets))) == 0
    error_message = "sheets_sync/exports declares ${join(", ", keys(local.exports))}. Give each a spreadsheet's id; missing: ${join(", ", setsubtract(keys(local.exports), keys(var.spreadsheets)))}."
  }

  validation {
    condition     = alltrue([for id in values(var.spreadsheets) : can(regex("^[A-Za-z0-9_-]+$", id))])
    error_message = "Give the spreadsheet's id, not its address: what stands between /d/ and /edit."
  }
}

locals {
  analysts  = { for address in var.groups.analysts[*] : "analysts" => "group:${address}" }
  engineers = { for address in var.groups.engineers[*] : "engineers" => "group:${address}" }
}
