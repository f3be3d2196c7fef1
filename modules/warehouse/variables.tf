locals {
  dataset_names   = sort(keys(local.datasets))
  unknown_dataset = "Unknown dataset; the datasets are ${join(", ", local.dataset_names)}."

  # Values at every depth of a raw schema.
  raw_types    = ["STRING", "JSON", "RECORD", "TIMESTAMP"]
  raw_modes    = ["NULLABLE", "REQUIRED", "REPEATED"]
  type_pattern = "\"type\": *\"([^\"]*)\""
  mode_pattern = "\"mode\": *\"([^\"]*)\""
  load_time    = { name = "SYS_DATE_CREATE", type = "TIMESTAMP" }
}

# A view of dmt over ods is readable with access to dmt only if ods authorizes dmt.
variable "authorized_datasets" {
  description = "Datasets whose views may read a dataset for their readers: dataset => datasets with the views."
  type        = map(set(string))
  default     = {}
  nullable    = false

  validation {
    condition = length(setsubtract(
      concat(keys(var.authorized_datasets), flatten([for views in var.authorized_datasets : tolist(views)])),
      local.dataset_names,
    )) == 0
    error_message = local.unknown_dataset
  }

  validation {
    condition = length(setintersection(
      keys(var.authorized_datasets), flatten([for views in var.authorized_datasets : tolist(views)]),
    )) == 0
    error_message = "A dataset that authorizes others cannot be authorized itself: there would be a cycle."
  }
}

variable "editors" {
  description = "Members that write: dataset => name => member."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.editors), local.dataset_names)) == 0
    error_message = local.unknown_dataset
  }
}

variable "endpoint_tables" {
  description = "Tables of raw by source/endpoint, for what explains a finding: retail/sales => raw.sales."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "job_users" {
  description = "Members that may run queries and load jobs in this project: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "job_viewers" {
  description = "Members that see the cost of every job of the project, but no results: name => member."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "limits" {
  description = "Limits of the verdict: orphans of a day as a fraction, rejected rows of a day's files."
  type = object({
    orphan_rate = optional(number, 0.01)
    rejects     = optional(number, 0)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.limits.orphan_rate >= 0 && var.limits.orphan_rate < 1 && var.limits.rejects >= 0
    error_message = "orphan_rate is a fraction, 0.01 for 1 %, and rejects at least 0: ${jsonencode(var.limits)}."
  }
}

variable "location" {
  description = "Location of the data, for example EU. It must equal that of the landing bucket."
  type        = string
  nullable    = false
}

variable "project_id" {
  description = "The project of the datasets."
  type        = string
  nullable    = false
}

variable "protected" {
  description = "Whether tables and datasets refuse to be destroyed."
  type        = bool
  default     = true
  nullable    = false
}

variable "raw_tables" {
  description = "Tables of raw, by name: what a row is, and its columns in the JSON of BigQuery's API."
  type = map(object({
    description = string
    schema      = string
    clustering  = optional(list(string), ["SYS_FILE_NAME"])
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for table in var.raw_tables : can([for column in jsondecode(table.schema) : [column.name, column.type]])
    ])
    error_message = format("A schema is a JSON list of columns, each with name and type. Invalid: %s.", join(", ", [
      for name, table in var.raw_tables : name
      if !can([for column in jsondecode(table.schema) : [column.name, column.type]])
    ]))
  }

  # https://cloud.google.com/bigquery/docs/schemas#column_names: names differ in more than upper and lower case.
  validation {
    condition = alltrue([
      for table in var.raw_tables : try(alltrue([
        for column in jsondecode(table.schema) : can(regex("^[A-Za-z_][A-Za-z0-9_]{0,299}$", column.name))
      ]), true)
    ])
    error_message = format(
      "A column's name has letters, digits and underscores and does not begin with a digit; use `rename` %s: %s.",
      "in the declaration of the source. Invalid",
      join(", ", flatten([
        for name, table in var.raw_tables : [
          for column in try(jsondecode(table.schema), []) : "${name} has ${column.name}"
          if !can(regex("^[A-Za-z_][A-Za-z0-9_]{0,299}$", column.name))
        ]
      ])),
    )
  }

  validation {
    condition = alltrue([
      for table in var.raw_tables : try(
        length(distinct([for column in jsondecode(table.schema) : lower(column.name)]))
        == length(jsondecode(table.schema)),
        true
      )
    ])
    error_message = format("A column is declared twice (case is ignored): %s.", join(", ", flatten([
      for name, table in var.raw_tables : [
        for all in { for column in try(jsondecode(table.schema), []) : lower(column.name) => column.name... } :
        "${name} has ${join(", ", all)}" if length(all) > 1
      ]
    ])))
  }

  # STRUCT is stored as RECORD, so it would replace the table at every plan.
  validation {
    condition = alltrue([
      for table in var.raw_tables :
      length(setsubtract(flatten(regexall(local.type_pattern, table.schema)), local.raw_types)) == 0
    ])
    error_message = format("Types of raw are %s; ods converts. Invalid: %s.", join(", ", local.raw_types), join(", ", [
      for name, table in var.raw_tables : format("%s has %s", name, join(", ", setsubtract(
        flatten(regexall(local.type_pattern, table.schema)), local.raw_types
      ))) if length(setsubtract(flatten(regexall(local.type_pattern, table.schema)), local.raw_types)) > 0
    ]))
  }

  # An unknown mode would be planned as a replacement of the table, with the loss of its rows.
  validation {
    condition = alltrue([
      for table in var.raw_tables :
      length(setsubtract(flatten(regexall(local.mode_pattern, table.schema)), local.raw_modes)) == 0
    ])
    error_message = format("A mode is one of %s. Invalid: %s.", join(", ", local.raw_modes), join(", ", [
      for name, table in var.raw_tables : format("%s has %s", name, join(", ", setsubtract(
        flatten(regexall(local.mode_pattern, table.schema)), local.raw_modes
      ))) if length(setsubtract(flatten(regexall(local.mode_pattern, table.schema)), local.raw_modes)) > 0
    ]))
  }

  validation {
    condition = alltrue([
      for table in var.raw_tables : try(contains([
        for column in jsondecode(table.schema) : { name = column.name, type = column.type }
      ], local.load_time), true)
    ])
    error_message = format("A raw table needs a TIMESTAMP column SYS_DATE_CREATE. Missing in: %s.", join(", ", [
      for name, table in var.raw_tables : name if !try(contains([
        for column in jsondecode(table.schema) : { name = column.name, type = column.type }
      ], local.load_time), true)
    ]))
  }
}

variable "readers" {
  description = "Members that read: dataset => name => member."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.readers), local.dataset_names)) == 0
    error_message = local.unknown_dataset
  }
}

variable "retention_days" {
  description = "Days after which partitions of raw and of ops expire; null keeps them."
  type = object({
    raw = optional(number)
    ops = optional(number)
  })
  default  = {}
  nullable = false

  # Models read up to 35 days of raw again; the connector looks back 90 days in ops.run_log.
  validation {
    condition = alltrue([
      for days in values(var.retention_days) : try(days >= 100 && days == floor(days), days == null)
    ])
    error_message = "Partitions are kept for whole days, at least 100, which models and jobs read again."
  }
}

variable "snapshot_days" {
  description = "Days after which a table in snapshots expires."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.snapshot_days >= 1 && var.snapshot_days == floor(var.snapshot_days)
    error_message = "A snapshot is kept for whole days, at least one, not for ${var.snapshot_days}."
  }
}

variable "storage" {
  description = "Exceptions by dataset: hours of time travel (168; 48 with expiring tables) and billing model."
  type = map(object({
    time_travel_hours = optional(number)
    billing_model     = optional(string, "LOGICAL")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.storage), local.dataset_names)) == 0
    error_message = local.unknown_dataset
  }

  validation {
    condition = alltrue([
      for dataset in var.storage : contains([48, 72, 96, 120, 144, 168], coalesce(dataset.time_travel_hours, 168))
    ])
    error_message = "Time travel is 48, 72, 96, 120, 144 or 168 hours."
  }

  validation {
    condition     = alltrue([for dataset in var.storage : contains(["LOGICAL", "PHYSICAL"], dataset.billing_model)])
    error_message = "The billing model of storage is LOGICAL or PHYSICAL."
  }
}

variable "table_editors" {
  description = "Members that write one table and not its dataset: dataset.table => name => member."
  type        = map(map(string))
  default     = {}
  nullable    = false
}

variable "table_readers" {
  description = "Members that read one table and not its dataset: dataset.table => name => member."
  type        = map(map(string))
  default     = {}
  nullable    = false
}

variable "watchers" {
  description = "Members that see names, sizes and times of tables, but no rows: dataset => name => member."
  type        = map(map(string))
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.watchers), local.dataset_names)) == 0
    error_message = local.unknown_dataset
  }
}
