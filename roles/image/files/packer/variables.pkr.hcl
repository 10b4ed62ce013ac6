# What golden.ami.packer_build knows of a run.

variable "region" {
  type        = string
  description = "The Region that the image is built in."
}

variable "source_ami" {
  type        = string
  description = "The AMI that the image is made from."
  validation {
    condition     = can(regex("^ami-[0-9a-f]+$", var.source_ami))
    error_message = "The source_ami must be an AMI id."
  }
}

variable "golden_image" {
  type        = string
  description = "The image's name."
}

variable "golden_version" {
  type        = string
  description = "The version that this run makes."
}

variable "golden_ami_name" {
  type        = string
  description = "The AMI's name."
}

variable "golden_tags" {
  type        = map(string)
  description = "Tags of the AMI and its snapshots."
}

variable "golden_run_tags" {
  type        = map(string)
  description = "Tags of what lives only while the build runs: instance, volumes, security group, key pair."
}

variable "golden_manifest" {
  type        = string
  description = "Where the manifest is written."
}

variable "golden_keypair_name" {
  type        = string
  default     = ""
  description = "A key pair of EC2 by which Packer logs in; empty for a temporary one."
}

variable "golden_private_key_file" {
  type        = string
  default     = ""
  description = "The file with its private key."
}

# What the image's definition says.

variable "description" {
  type    = string
  default = ""
}

variable "instance_type" {
  type    = string
  default = "t3.small"
}

variable "subnet_id" {
  type    = string
  default = ""
}

variable "security_group_ids" {
  type    = list(string)
  default = []
}

variable "public_ip" {
  type    = bool
  default = null
}

variable "ssh_from_anywhere" {
  type        = bool
  default     = false
  description = "Let the temporary security group admit every address instead of the public address of this machine."
}

variable "instance_profile" {
  type    = string
  default = ""
}

variable "ssh_username" {
  type    = string
  default = "admin"
}

variable "ssh_interface" {
  type    = string
  default = "public_ip"
}

variable "volume" {
  type = object({
    device = string
    size   = number
    type   = string
  })
  default = null
}

variable "kms_key_id" {
  type    = string
  default = ""
}

# How Ansible is called.

variable "ansible_command" {
  type    = string
  default = "ansible-playbook"
}

variable "ansible_config" {
  type        = string
  description = "An ansible.cfg that this build uses instead of any that lies about."
}

variable "ansible_roles_path" {
  type    = list(string)
  default = []
}

variable "playbook" {
  type        = string
  description = "The playbook that makes the image. Its last role is golden.ami.sysprep."
}

variable "ansible_variables" {
  type        = any
  default     = {}
  description = "Variables for the playbook. Nothing secret: they are seen in the process list."
}

variable "ansible_local_variables" {
  type        = any
  default     = {}
  description = "Further ones, which say where things are on this machine."
}

variable "golden_roles_directory" {
  type        = string
  default     = ""
  description = "Where the roles of the image's requirements are."
}
