package server

import "nearby/internal/server/route"

// limits are the buckets of reliability's table, by the name a route uses.
// Sign-in counts per network here and per name in its handler: two buckets,
// never one keyed on the pair.
func limits() map[string]*route.Limit {
	return map[string]*route.Limit{
		"":         route.NewLimit(20, 60),
		"search":   route.NewLimit(5, 20),
		"sign-in":  route.NewLimit(20.0/60, 20),
		"sign-up":  route.NewLimit(5.0/3600, 5),
		"checkout": route.NewLimit(6.0/60, 6),
		"upload":   route.NewLimit(120.0/3600, 60),
		"report":   route.NewLimit(10.0/3600, 10),
		"token":    route.NewLimit(10, 30),
	}
}
