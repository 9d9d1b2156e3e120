//go:build !linux

package main

func residentMemory() (octets float64, ok bool) { return 0, false }
