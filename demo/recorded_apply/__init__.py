"""The requests of one `terraform apply` of workspace `local`, to provision without Terraform."""
