variable "region" {
  type        = string
  description = "Where the image is built."
  default     = "us-east-1"
}

variable "ami_name_prefix" { # one line is allowed, too
  type = string
}

variable "release" { type = string }

variable "root_volume_gb" {
  type    = number
  default = 8
}

variable "tags" {
  type    = map(string)
  default = {}
}

variable "run_tags" {
  type    = map(string)
  default = { purpose = "image building" }
}

variable "greeting" {
  type = object({
    text  = string
    loud  = bool
    where = list(string)
  })
}
