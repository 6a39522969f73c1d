package keys

// Keys is how many keyrings are kept.
func (d *Dev) Keys() int { return len(*d.tenants.ready.Load()) }

// Keys is how many keyrings are kept.
func (f *File) Keys() int { return len(*f.tenants.ready.Load()) }

var Private = private
