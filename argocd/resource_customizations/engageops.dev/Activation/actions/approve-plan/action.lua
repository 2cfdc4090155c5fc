if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["engageops.dev/approve-plan"] = obj.status.plan.hash
return obj
