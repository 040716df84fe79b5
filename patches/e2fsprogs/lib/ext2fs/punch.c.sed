# result: b7f6efa218664d363f56e3668bd6694181be75dfec37400ed7cd7d2fb527f1f7
# A run of blocks may end with the last one of the file system: it is one that can be freed.
204s/>=/>/
