# Every rule of the ruleset that tflint brings along; others would be downloaded.
plugin "terraform" {
  enabled = true
  preset  = "all"
}
