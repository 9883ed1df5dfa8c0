package policy

// Action is an action of the table of actions; 0 is none.
type Action uint16
