package kms

import (
	"regexp"
	"slices"
	"strings"
)

// Alias is a second name of a key.
type Alias struct {
	AliasName       string // begins with "alias/"
	AliasArn        string
	TargetKeyID     string `json:"TargetKeyId"`
	CreationDate    string
	LastUpdatedDate string
}

const maxAliases = 10000

var aliasForm = regexp.MustCompile(`^alias/[A-Za-z0-9/_-]{1,250}$`)

func fullAlias(name string) string {
	if strings.HasPrefix(name, aliasPrefix) {
		return name
	}
	return aliasPrefix + name
}

// checkAlias checks a name that a caller gives. Those below alias/aws/ belong to the service.
func checkAlias(name string) error {
	if !aliasForm.MatchString(name) || strings.HasPrefix(name, "alias/aws/") {
		return refuse(Validation, "An alias is 'alias/' and 1 to 250 letters, digits and '/_-', and does not begin with 'alias/aws/'.")
	}
	return nil
}

// addAlias gives k a second name.
func (c change) addAlias(name string, k *key) error {
	if c.alias(name) != nil {
		return refuse(AlreadyExists, "An alias with the name %s already exists.", arnPrefix+name)
	}
	if len(c.Aliases) >= maxAliases {
		return refuse(LimitExceeded, "There are %d aliases, which is as many as there may be.", maxAliases)
	}
	c.Aliases = append(c.Aliases, &alias{AliasName: name, TargetKeyID: k.KeyID, CreationDate: c.date(), LastUpdatedDate: c.date()})
	return nil
}

// CreateAlias gives a key a second name, which begins with "alias/".
func (k *Keyring) CreateAlias(name, target string) error {
	if err := checkAlias(name); err != nil {
		return err
	}
	_, err := k.change(target, func(key *key, c change) error {
		if err := key.settled(); err != nil {
			return err
		}
		return c.addAlias(name, key)
	})
	return err
}

// UpdateAlias lets an alias name another key.
func (k *Keyring) UpdateAlias(name, target string) error {
	if err := checkAlias(name); err != nil {
		return err
	}
	_, err := k.change(target, func(key *key, c change) error {
		a := c.alias(name)
		if a == nil {
			return refuse(NotFound, "Alias %s is not found.", arnPrefix+name)
		}
		a.TargetKeyID, a.LastUpdatedDate = key.KeyID, c.date()
		return key.settled()
	})
	return err
}

// DeleteAlias takes a second name away. The key stays.
func (k *Keyring) DeleteAlias(name string) error {
	return k.update(func(c change) error {
		i := slices.IndexFunc(c.Aliases, func(a *alias) bool { return a.AliasName == name })
		if i < 0 {
			return refuse(NotFound, "Alias %s is not found.", arnPrefix+fullAlias(name[:min(len(name), maxStoredID)]))
		}
		c.Aliases = slices.Delete(c.Aliases, i, i+1)
		return nil
	})
}

// Aliases lists the aliases of a key, of all keys for "".
func (k *Keyring) Aliases(target string) ([]Alias, error) {
	d := k.get()
	id := ""
	if target != "" {
		key, err := k.resolve(d, target)
		if err != nil {
			return nil, err
		}
		id = key.KeyID
	}
	list := []Alias{}
	for _, a := range d.Aliases {
		if id == "" || a.TargetKeyID == id {
			list = append(list, Alias{a.AliasName, arnPrefix + a.AliasName, a.TargetKeyID, a.CreationDate, a.LastUpdatedDate})
		}
	}
	return list, nil
}
