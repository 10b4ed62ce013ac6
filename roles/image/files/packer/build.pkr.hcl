build {
  name    = "golden"
  sources = ["source.amazon-ebs.image"]

  # cloud-init may still be at work when SSH answers, and it holds apt's lock.
  provisioner "shell" {
    inline = ["if command -v cloud-init >/dev/null; then sudo cloud-init status --wait >/dev/null || true; fi"]
  }

  provisioner "ansible" {
    command       = var.ansible_command
    playbook_file = var.playbook
    user          = var.ssh_username
    # Straight to the machine: Packer's own proxy speaks an scp that OpenSSH 9 no longer uses.
    use_proxy = false
    extra_arguments = [
      "--extra-vars", jsonencode(merge(var.ansible_variables, var.ansible_local_variables, {
        sysprep_release = {
          image       = var.golden_image
          version     = var.golden_version
          fingerprint = lookup(var.golden_tags, "golden:fingerprint", "")
          commit      = lookup(var.golden_tags, "golden:commit", "")
          source_ami  = var.source_ami
          run         = lookup(var.golden_tags, "golden:run", "")
          build_date  = lookup(var.golden_tags, "BuildDate", "")
          packer      = lookup(var.golden_tags, "golden:packer", "")
          ansible     = lookup(var.golden_tags, "golden:ansible", "")
        }
      })),
    ]
    ansible_env_vars = [
      "ANSIBLE_CONFIG=${var.ansible_config}",
      "ANSIBLE_ROLES_PATH=${join(":", compact(concat([var.golden_roles_directory], var.ansible_roles_path)))}",
    ]
  }

  post-processor "manifest" {
    output     = var.golden_manifest
    strip_path = true
    custom_data = {
      image   = var.golden_image
      version = var.golden_version
    }
  }
}
