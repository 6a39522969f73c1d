package keys

// Keys is how many keyrings are kept.
func (d *Dev) Keys() int { return len(*d.ready.Load()) }
