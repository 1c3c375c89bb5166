"""(charter to be written by the room's owner)"""
