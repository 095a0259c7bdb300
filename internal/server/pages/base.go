package pages

// Basis gives access to the part that every page shares, so that one place can
// complete it.
func (b *Base) Basis() *Base { return b }
