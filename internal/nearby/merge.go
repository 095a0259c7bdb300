package nearby

import "slices"

// atOnce is how many rows are merged within the changing call itself; more are
// merged in the background.
const atOnce = 64

// tidy merges parts until no part is smaller than the ones below it together,
// and none is mostly dead rows. So a row is moved about log₂ n times in its life
// and there are at most about log₂ n parts. The lock is held.
func (x *Index) tidy() {
	for {
		inputs := x.untidy()
		if inputs == nil {
			return
		}
		rows := 0
		for _, l := range inputs {
			rows += l.rows
			x.merging[l.part] = true
		}
		if rows > atOnce {
			go x.mergeLater(inputs)
			continue // what is left may be untidy, too
		}
		x.exchange(inputs, merge(inputs))
	}
}

// untidy picks parts that should be one, of those not being merged already; nil
// when all is well. The lock is held.
func (x *Index) untidy() []live {
	parts := slices.Clone(x.now.Load().parts)
	parts = slices.DeleteFunc(parts, func(l live) bool { return x.merging[l.part] })
	slices.Reverse(parts) // smallest first
	sum, end := 0, 0
	for i, l := range parts {
		if i > 0 && l.rows <= sum {
			end = i + 1
		}
		sum += l.rows
	}
	if end > 0 {
		return parts[:end]
	}
	for i, l := range parts {
		if l.part.len() > 2*l.rows {
			return parts[i : i+1]
		}
	}
	return nil
}

// mergeLater merges without the lock, and then takes it.
func (x *Index) mergeLater(inputs []live) {
	merged := merge(inputs)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.exchange(inputs, merged)
	x.tidy()
}

// exchange puts the merged part in the place of its inputs, where rows may have
// died since the merge began. The lock is held.
func (x *Index) exchange(inputs []live, merged *part) {
	parts := slices.Clone(x.now.Load().parts)
	var gone []uint32 // rows of merged
	for _, in := range inputs {
		delete(x.merging, in.part)
		i := slices.IndexFunc(parts, func(l live) bool { return l.part == in.part })
		for row := range uint32(in.part.len()) {
			if in.dead.has(row) || i >= 0 && !parts[i].dead.has(row) {
				continue
			}
			// It died since; a part that is not there any more has lost all rows.
			row, _ := merged.seek(in.part.id(row))
			gone = append(gone, row)
		}
		if i >= 0 {
			parts = slices.Delete(parts, i, i+1)
		}
	}
	if len(x.merging) == 0 {
		x.idle.Broadcast()
	}
	x.publish(append(parts, live{part: merged, rows: merged.len()}.without(gone)))
}

// settle waits until no merge is under way.
func (x *Index) settle() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for len(x.merging) > 0 {
		x.idle.Wait()
	}
}
