variable "region" {
  type        = string
  default     = null
  description = "The Region that the image is built in; by default the one that AWS's own settings name."
}

variable "instance_type" {
  type    = string
  default = "t2.micro"
}

variable "subnet_id" {
  type        = string
  default     = ""
  description = "Where the builder runs; by default in the default VPC."
}

variable "ssh_username" {
  type    = string
  default = "admin"
}

variable "greeting" {
  type        = string
  default     = "It works."
  description = "What the page says."
}

variable "ssh_from" {
  type        = list(string)
  default     = ["0.0.0.0/0"]
  description = "From where the builder may be reached, as CIDRs."
}

# What golden.ami knows of a run. Without it the template works as well: packer build .

variable "golden_image" {
  type    = string
  default = "apache"
}

variable "golden_version" {
  type    = string
  default = null
}

variable "golden_ami_name" {
  type    = string
  default = null
}

variable "golden_tags" {
  type    = map(string)
  default = {}
}

variable "golden_run_tags" {
  type    = map(string)
  default = {}
}
