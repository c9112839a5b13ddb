"""Paths beside their publishing: pictures and drafts."""
