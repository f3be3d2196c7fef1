locals {
  # The label that contains the address of each type of channel.
  address_labels = { email = "email_address", google_chat = "space", pubsub = "topic", sms = "number" }
  channels       = [for name in sort(keys(var.channels)) : google_monitoring_notification_channel.channels[name].name]
}

resource "google_monitoring_notification_channel" "channels" {
  for_each = var.channels

  project      = var.project_id
  display_name = each.key
  description  = "Receives the alerts of this project: ${each.key}."
  type         = each.value.type
  labels       = { (local.address_labels[each.value.type]) = each.value.address }
  user_labels  = merge(var.labels, { component = "alerts" })
}
