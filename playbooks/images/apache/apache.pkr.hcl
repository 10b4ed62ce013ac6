data "amazon-ami" "debian" {
  region      = var.region
  owners      = ["136693071363"]
  most_recent = true
  filters = {
    name                = "debian-12-amd64-*"
    root-device-type    = "ebs"
    virtualization-type = "hvm"
  }
}

locals {
  now      = timestamp()
  version  = coalesce(var.golden_version, formatdate("YYYYMMDDhhmmss", local.now))
  ami_name = coalesce(var.golden_ami_name, "${var.golden_image}-${local.version}")
  tags = merge({
    Name      = local.ami_name
    BuildDate = local.now
    BuiltBy   = "Packer"
  }, var.golden_tags)

  # What the image says of itself in /etc/golden-release.json. Who builds by hand has no run or fingerprint.
  known = {
    for name in ["fingerprint", "commit", "run", "ansible"] :
    name => var.golden_tags["golden:${name}"] if contains(keys(var.golden_tags), "golden:${name}")
  }
  release = merge(local.known, {
    image      = var.golden_image
    version    = local.version
    build_date = local.tags["BuildDate"]
    source_ami = data.amazon-ami.debian.id
    packer     = packer.version
  })
}

source "amazon-ebs" "apache" {
  region          = var.region
  source_ami      = data.amazon-ami.debian.id
  instance_type   = var.instance_type
  subnet_id       = var.subnet_id
  ami_name        = local.ami_name
  ami_description = "Apache on Debian 12"

  imds_support = "v2.0"
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  ssh_username                          = var.ssh_username
  temporary_key_pair_type               = "ed25519"
  temporary_security_group_source_cidrs = var.ssh_from

  tags            = local.tags
  snapshot_tags   = local.tags
  run_tags        = var.golden_run_tags
  run_volume_tags = var.golden_run_tags
}

build {
  sources = ["source.amazon-ebs.apache"]

  provisioner "shell" {
    execute_command = "sudo sh -eu {{.Path}}"
    scripts = [
      "${path.root}/provisioners/shell/wait-for-cloud-init.sh",
      "${path.root}/provisioners/shell/install-apache.sh",
    ]
  }

  provisioner "ansible" {
    playbook_file    = "${path.root}/provisioners/ansible/configure.yml"
    user             = var.ssh_username
    use_proxy        = false
    ansible_env_vars = ["ANSIBLE_PIPELINING=true"]
    extra_arguments  = ["--extra-vars", jsonencode({ greeting = var.greeting })]
  }

  # What is wrong is found here, while it costs no AMI.
  provisioner "ansible" {
    playbook_file    = "${path.root}/tests/verify.yml"
    user             = var.ssh_username
    use_proxy        = false
    ansible_env_vars = ["ANSIBLE_PIPELINING=true"]
    extra_arguments  = ["--extra-vars", jsonencode({ greeting = var.greeting })]
  }

  # Nothing may come after it: nobody can log in any more until the image boots.
  provisioner "ansible" {
    playbook_file    = "${path.root}/provisioners/ansible/generalise.yml"
    user             = var.ssh_username
    use_proxy        = false
    ansible_env_vars = ["ANSIBLE_PIPELINING=true"]
    extra_arguments  = ["--extra-vars", jsonencode({ sysprep_release = local.release })]
  }
}
