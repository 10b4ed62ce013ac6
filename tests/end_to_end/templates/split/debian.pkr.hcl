source "amazon-ebs" "debian" {
  ami_name        = "${var.ami_name_prefix}-${var.release}-${local.built}"
  ami_description = "Built from {{ .SourceAMI }}"
  instance_type   = "t3.micro"
  region          = var.region
  user_data       = local.cloud_config

  source_ami_filter {
    filters = {
      name         = "debian-12-amd64-*"
      architecture = "x86_64"
    }
    owners             = ["136693071363"]
    most_recent        = true
    include_deprecated = true
  }

  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_size           = var.root_volume_gb
    volume_type           = "gp3"
    delete_on_termination = true
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required" // IMDSv2 only
    http_put_response_hop_limit = 2
  }

  ssh_interface           = "public_ip"
  ssh_username            = "admin"
  temporary_key_pair_type = "ed25519"

  tags     = "${local.merged_tags}"
  run_tags = var.run_tags
}
