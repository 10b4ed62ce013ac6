source "amazon-ebs" "image" {
  region          = var.region
  source_ami      = var.source_ami
  instance_type   = var.instance_type
  subnet_id       = var.subnet_id
  ami_name        = var.golden_ami_name
  ami_description = var.description

  # IMDSv2 only, on the builder and on all that is launched from the image.
  imds_support = "v2.0"
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  associate_public_ip_address               = var.public_ip
  security_group_ids                        = var.security_group_ids
  temporary_security_group_source_public_ip = !var.ssh_from_anywhere
  iam_instance_profile                      = var.instance_profile

  communicator            = "ssh"
  ssh_username            = var.ssh_username
  ssh_interface           = var.ssh_interface
  ssh_timeout             = "10m"
  temporary_key_pair_type = "ed25519"
  # A key that outlives the build, for a look at what failed; else one of Packer's.
  ssh_keypair_name     = var.golden_keypair_name == "" ? null : var.golden_keypair_name
  ssh_private_key_file = var.golden_private_key_file == "" ? null : var.golden_private_key_file

  dynamic "launch_block_device_mappings" {
    for_each = var.volume == null ? [] : [var.volume]
    content {
      device_name           = launch_block_device_mappings.value.device
      volume_size           = launch_block_device_mappings.value.size
      volume_type           = launch_block_device_mappings.value.type
      delete_on_termination = true
    }
  }
  encrypt_boot = var.kms_key_id == "" ? null : true
  kms_key_id   = var.kms_key_id

  tags            = var.golden_tags
  snapshot_tags   = var.golden_tags
  run_tags        = var.golden_run_tags
  run_volume_tags = var.golden_run_tags

  aws_polling {
    delay_seconds = 5
    max_attempts  = 720
  }
}
