# Terraform drops unknown attributes of an object without a message: `schedules = { pausd = true }` would start
# every schedule. Here the file of the environment is parsed again and compared with the variables.
locals {
  tfvars = provider::terraform::decode_tfvars(file("${path.module}/${var.env}.tfvars"))

  # A variable of type object has all its attributes, also those that are not set.
  object_variables = {
    budget         = var.budget
    delivery       = var.delivery
    groups         = var.groups
    images         = var.images
    limits         = var.limits
    memory         = var.memory
    notices        = var.notices
    retention_days = var.retention_days
    rotation       = var.rotation
    schedules      = var.schedules
  }
  value_variables = [
    "channels", "env", "export_buckets", "export_urls", "location", "looker_report", "project_id", "protected",
    "region", "scan_images", "source_spreadsheets", "source_urls", "spreadsheets", "usd_per_tib", "watched_runs",
  ]

  unknown_keys = concat(
    [
      for name in keys(local.tfvars) : name
      if !contains(concat(keys(local.object_variables), local.value_variables), name)
    ],
    flatten([
      for name, value in local.object_variables : [
        for key in try(keys(local.tfvars[name]), []) : "${name}.${key}"
        if value != null && !contains(try(keys(value), []), key)
      ]
    ]),
    flatten([
      for name, channel in try(local.tfvars.channels, {}) : [
        for key in keys(channel) : "channels.${name}.${key}" if !contains(["address", "type"], key)
      ]
    ]),
    [
      for key in try(keys(local.tfvars.notices.smtp), []) : "notices.smtp.${key}"
      if !contains(["from", "host", "port", "user"], key)
    ],
  )
}
