package servertest_test

// apiRoutes is every call of the API.
var apiRoutes = map[string]struct {
	who  who
	path string
}{}
