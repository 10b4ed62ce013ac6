locals {
  default_tags = {
    os_version        = "Debian 12"
    source_image_name = "{{ .SourceAMIName }}"
    release           = var.release
  }
  merged_tags = merge(local.default_tags, var.tags)
  built       = formatdate("YYYYMMDDhhmmss", timestamp())

  /* What a brace } or a quote " in a comment says, counts for nothing. */
  cloud_config = <<-EOT
    #cloud-config
    write_files:
      - path: /etc/first-boot
        content: "{ ${var.release} }"
  EOT
}
