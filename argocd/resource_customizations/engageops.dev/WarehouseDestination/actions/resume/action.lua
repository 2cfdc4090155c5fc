obj.spec.sync.suspend = false
return obj
