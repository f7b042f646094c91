"""The control plane as a service: HTTP, sockets and webhooks, over calls that workers read."""
