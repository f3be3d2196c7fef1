variable "editors" {
  description = "Who writes: dataset => name => member."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.editors), ["raw", "ods", "dmt", "ops", "assertions", "snapshots", "staging"])) == 0
    error_message = "The datasets are raw, ods, dmt, ops, assertions, snapshots and staging, not ${join(", ", keys(var.editors))}."
  }
}

variable "job_users" {
  description = "Who may run queries and load jobs in this project: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "job_viewers" {
  description = "Who sees what every job of the project cost, and none of its results: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "location" {
  description = "Where the data is, such as EU. It must be the landing bucket's."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "The project that the datasets belong to."
  type        = string
  nullable    = false
}

variable "protected" {
  description = "Whether tables, and datasets that still hold some, refuse to be destroyed."
  type        = bool
  default     = true
  nullable    = false
}

variable "raw_tables" {
  description = "Tables of raw, by name: what a row is, and the JSON of its columns as BigQuery's API spells them."
  type = map(object({
    description = string
    schema      = string
    clustering  = optional(list(string), ["SYS_FILE_NAME"])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for table in var.raw_tables : can([for column in jsondecode(table.schema) : [column.name, column.type]])])
    error_message = "A schema is a JSON list of columns, each with a name and a type. Not so: ${join(", ", [for name, table in var.raw_tables : name if !can([for column in jsondecode(table.schema) : [column.name, column.type]])])}."
  }

  validation {
    condition = alltrue([
      for table in var.raw_tables : length(setsubtract(flatten(regexall("\"type\": *\"([^\"]*)\"", table.schema)), ["STRING", "RECORD", "TIMESTAMP"])) == 0
    ])
    error_message = "Columns of raw are STRING, nested ones RECORD (STRUCT would replace the table at every plan), and SYS_DATE_CREATE is TIMESTAMP: types are given in ods. Not so: ${join(", ", [for name, table in var.raw_tables : format("%s has %s", name, join(", ", distinct(setsubtract(flatten(regexall("\"type\": *\"([^\"]*)\"", table.schema)), ["STRING", "RECORD", "TIMESTAMP"])))) if length(setsubtract(flatten(regexall("\"type\": *\"([^\"]*)\"", table.schema)), ["STRING", "RECORD", "TIMESTAMP"])) > 0])}."
  }

  validation {
    condition     = alltrue([for table in var.raw_tables : try(anytrue([for column in jsondecode(table.schema) : column.name == "SYS_DATE_CREATE" && column.type == "TIMESTAMP"]), true)])
    error_message = "A table of raw is partitioned by SYS_DATE_CREATE: give its schema that column, a TIMESTAMP. Without it: ${join(", ", [for name, table in var.raw_tables : name if !try(anytrue([for column in jsondecode(table.schema) : column.name == "SYS_DATE_CREATE" && column.type == "TIMESTAMP"]), true)])}."
  }
}

variable "readers" {
  description = "Who reads: dataset => name => member."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.readers), ["raw", "ods", "dmt", "ops", "assertions", "snapshots", "staging"])) == 0
    error_message = "The datasets are raw, ods, dmt, ops, assertions, snapshots and staging, not ${join(", ", keys(var.readers))}."
  }
}

variable "snapshot_days" {
  description = "After how many days a table in snapshots goes away."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.snapshot_days >= 1 && var.snapshot_days == floor(var.snapshot_days)
    error_message = "A snapshot is kept for whole days, at least one, not for ${var.snapshot_days}."
  }
}

variable "storage" {
  description = "How a dataset is kept, by its name, where not as usual: hours for which it can be read as it was (168; 48 where tables expire), and whether bytes are billed LOGICAL or PHYSICAL."
  type = map(object({
    time_travel_hours = optional(number)
    billing_model     = optional(string, "LOGICAL")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.storage), ["raw", "ods", "dmt", "ops", "assertions", "snapshots", "staging"])) == 0
    error_message = "The datasets are raw, ods, dmt, ops, assertions, snapshots and staging, not ${join(", ", keys(var.storage))}."
  }

  validation {
    condition     = alltrue([for dataset in var.storage : contains([48, 72, 96, 120, 144, 168], coalesce(dataset.time_travel_hours, 168))])
    error_message = "BigQuery keeps 48, 72, 96, 120, 144 or 168 hours, not ${join(", ", [for dataset in var.storage : coalesce(dataset.time_travel_hours, 168)])}."
  }

  validation {
    condition     = alltrue([for dataset in var.storage : contains(["LOGICAL", "PHYSICAL"], dataset.billing_model)])
    error_message = "Storage is billed LOGICAL or PHYSICAL, not ${join(", ", [for dataset in var.storage : dataset.billing_model])}."
  }
}

variable "watchers" {
  description = "Who sees the names, sizes and times of tables, and no row: dataset => name => member."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.watchers), ["raw", "ods", "dmt", "ops", "assertions", "snapshots", "staging"])) == 0
    error_message = "The datasets are raw, ods, dmt, ops, assertions, snapshots and staging, not ${join(", ", keys(var.watchers))}."
  }
}
