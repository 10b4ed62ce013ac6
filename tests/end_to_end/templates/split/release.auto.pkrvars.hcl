ami_name_prefix = "split"
release         = "2026.11"

greeting = {
  text  = "good morning"
  loud  = false
  where = ["/etc/foreign", "/etc/motd"]
}
