if obj.spec.sync == nil then
  obj.spec.sync = {}
end
obj.spec.sync.suspend = true
return obj
