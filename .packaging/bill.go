// Bill tells what a built program is made of. It reads the modules that the linker
// wrote into the program, so nothing is told that is not in it:
//
//	go run .packaging/bill.go sbom PROGRAM VERSION      a bill of materials, CycloneDX 1.6
//	go run .packaging/bill.go licences PROGRAM VERSION  the licences, for a copyright file
//
// The sources of the modules have to be in the module cache, where the build put
// them. Equal programs give equal octets; the time is SOURCE_DATE_EPOCH's.
package main

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// part is a module, or Go's standard library.
type part struct {
	name, version string
	text          string // of the licence
	id            string // of the licence, as SPDX has it
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 4 {
		log.Fatal("usage: bill sbom|licences PROGRAM VERSION")
	}
	program, version := os.Args[2], os.Args[3]
	parts, err := partsOf(program)
	if err != nil {
		log.Fatal(err)
	}
	switch os.Args[1] {
	case "sbom":
		err = sbom(program, version, parts)
	case "licences":
		licences(parts)
	default:
		log.Fatalf("unknown word %q", os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
}

func partsOf(program string) ([]part, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, err
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	std, err := newPart("std", strings.TrimPrefix(info.GoVersion, "go"), strings.TrimSpace(string(root)))
	parts := []part{std}
	for _, m := range info.Deps {
		if err != nil {
			return nil, err
		}
		if m.Replace != nil {
			return nil, fmt.Errorf("%s is replaced, and nobody knows by what", m.Path)
		}
		dir, goErr := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", m.Path+"@"+m.Version).Output()
		if goErr != nil {
			return nil, fmt.Errorf("%s@%s: %w", m.Path, m.Version, goErr)
		}
		var p part
		p, err = newPart(m.Path, m.Version, strings.TrimSpace(string(dir)))
		parts = append(parts, p)
	}
	return parts, err
}

func newPart(name, version, dir string) (part, error) {
	for _, file := range []string{"LICENSE", "COPYING", "LICENSE.md", "LICENSE.txt"} {
		text, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			continue
		}
		p := part{name: name, version: version, text: strings.TrimSpace(strings.ReplaceAll(string(text), "\r", ""))}
		p.id, err = identifier(p.text)
		if err != nil {
			return p, fmt.Errorf("%s: %w", name, err)
		}
		return p, nil
	}
	return part{}, fmt.Errorf("%s: no licence in %s", name, dir)
}

// identifier knows the licences that are in use here. Another one wants to be read
// by a person first.
func identifier(text string) (string, error) {
	words := strings.Join(strings.Fields(text), " ")
	has := func(s string) bool { return strings.Contains(words, s) }
	switch {
	case has("Permission is hereby granted, free of charge, to any person obtaining a copy") && has("The above copyright notice and this permission notice shall be included"):
		return "MIT", nil
	case has("Apache License Version 2.0"):
		return "Apache-2.0", nil
	case has("Redistributions in binary form") && has("Neither the name of"):
		return "BSD-3-Clause", nil
	case has("Redistributions in binary form"):
		return "BSD-2-Clause", nil
	}
	return "", fmt.Errorf("unknown licence")
}

// licences prints each text once, below the parts that have it.
func licences(parts []part) {
	for i, p := range parts {
		var names []string
		first := true
		for j, other := range parts {
			if other.text != p.text {
				continue
			}
			first = first && j >= i
			names = append(names, other.name+" "+other.version)
		}
		if first {
			fmt.Printf("\n%s\n%s\n\n%s\n", strings.Repeat("-", 72), strings.Join(names, "\n"), p.text)
		}
	}
}

type object map[string]any

func sbom(program, version string, parts []part) error {
	octets, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(octets)
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return fmt.Errorf("SOURCE_DATE_EPOCH: %w", err)
	}
	self := "pkg:golang/mailchute@" + version
	components, refs := []object{}, []string{}
	for _, p := range parts {
		purl := "pkg:golang/" + strings.ToLower(p.name) + "@" + strings.ReplaceAll(p.version, "+", "%2B")
		refs = append(refs, purl)
		components = append(components, object{
			"type": "library", "bom-ref": purl, "name": p.name, "version": p.version, "purl": purl, "scope": "required",
			"licenses": []object{{"license": object{"id": p.id}}},
		})
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(object{
		"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"serialNumber": serial(sum),
		"metadata": object{
			"timestamp": time.Unix(seconds, 0).UTC().Format(time.RFC3339),
			"component": object{
				"type": "application", "bom-ref": self, "name": "mailchute", "version": version,
				"hashes":   []object{{"alg": "SHA-256", "content": fmt.Sprintf("%x", sum)}},
				"licenses": []object{{"license": object{"id": "MIT"}}},
			},
		},
		"components":   components,
		"dependencies": []object{{"ref": self, "dependsOn": refs}},
	})
}

// serial is a UUID of version 8 (RFC 9562 section 5.8) that belongs to the program.
func serial(sum [32]byte) string {
	sum[6] = sum[6]&0x0f | 0x80
	sum[8] = sum[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
