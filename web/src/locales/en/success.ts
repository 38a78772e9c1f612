const success = { pulled: 'Pulled', already_present: 'Already present' }

export default success
