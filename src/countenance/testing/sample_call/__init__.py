"""A call that the project draws and speaks itself."""
