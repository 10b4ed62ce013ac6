# What hands requests on to instances, in the default network.
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {}

variable "name" { type = string }
variable "vpc_id" { type = string }
variable "subnets" { type = list(string) }
variable "security_group_ids" { type = list(string) }

resource "aws_lb_target_group" "web" {
  name                 = "${var.name}-web"
  port                 = 80
  protocol             = "HTTP"
  vpc_id               = var.vpc_id
  deregistration_delay = 5
  health_check {
    path                = "/health"
    interval            = 10
    timeout             = 2
    healthy_threshold   = 2
    unhealthy_threshold = 3
    matcher             = "200-299"
  }
  tags = { team = "web" }
}

resource "aws_lb" "web" {
  name            = "${var.name}-web"
  subnets         = var.subnets
  security_groups = var.security_group_ids
  idle_timeout    = 30
  tags            = { team = "web" }
}

resource "aws_lb_listener" "web" {
  load_balancer_arn = aws_lb.web.arn
  port              = 18080
  protocol          = "HTTP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.web.arn
  }
}

resource "aws_lb_target_group" "net" {
  name     = "${var.name}-net"
  port     = 22
  protocol = "TCP"
  vpc_id   = var.vpc_id
}

resource "aws_lb" "net" {
  name               = "${var.name}-net"
  load_balancer_type = "network"
  internal           = true
  subnets            = var.subnets
}

resource "aws_lb_listener" "net" {
  load_balancer_arn = aws_lb.net.arn
  port              = 18022
  protocol          = "TCP"
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.net.arn
  }
}

output "address" { value = aws_lb.web.dns_name }
output "target_group" { value = aws_lb_target_group.web.arn }
