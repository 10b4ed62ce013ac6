build {
  name    = "split"
  sources = ["source.amazon-ebs.debian"]

  provisioner "shell" {
    environment_vars = ["AMI_TYPE=${source.name}", "RELEASE=${var.release}"]
    inline = [
      templatefile("${path.root}/templates/greet.sh.tpl", { greeting = var.greeting }),
      "cloud-init status --wait >/dev/null; grep -q '{ ${var.release} }' /etc/first-boot",
    ]
  }
}
